import './batch.css';
